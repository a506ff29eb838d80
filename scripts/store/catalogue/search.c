/* Where a word stands in a text, or -1. */
#include <string.h>

long search(const char *text, const char *word) {
  const char *found = strstr(text, word);
  return found ? found - text : -1;
}
