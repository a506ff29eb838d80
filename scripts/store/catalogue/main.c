/* Prices of the whole catalogue. */
#include <stdio.h>

long price(long pieces, long each);
long search(const char *text, const char *word);

int main(void) {
  for (long pieces = 1; pieces < 20; pieces++)
    printf("%ld: %ld\n", pieces, price(pieces, 250));
  return search("green tea, black tea", "black tea") < 0;
}
