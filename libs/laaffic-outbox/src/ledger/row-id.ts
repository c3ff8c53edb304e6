const ID = /^[1-9]\d{0,18}$/;
const LARGEST = 2n ** 63n - 1n;

/** Whether a text can be the id of a row; what cannot must not reach the database, which would refuse the statement. */
export function isRowId(id: string): boolean {
  return ID.test(id) && BigInt(id) <= LARGEST;
}
