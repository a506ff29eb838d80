/* What an order costs, in cents. */
long price(long pieces, long each) {
  long whole = pieces * each;
  return pieces > 10 ? whole - whole / 20 : whole;
}
