const ID = /^[1-9]\d{0,18}$/;
const LARGEST = 2n ** 63n - 1n;

/** Whether a text can be the id of a row. Anything else would make the database reject the statement. */
export function isRowId(id: string): boolean {
  return ID.test(id) && BigInt(id) <= LARGEST;
}
