const UTC8_SECONDS = 8 * 3600;
const IDS_PER_LAP = 10_000_000;

/** Issues ids as the vendor does: `yyMMddHHmmss` in UTC+8 and seven more digits. An id is never issued twice. */
export class MsgIds {
  #second = Number.NaN;
  #prefix = '';

  constructor(private issued = 0) {}

  /** @param at milliseconds since 1970. */
  next(at: number): string {
    this.issued += 1;
    // A clock that stands still uses up its seven digits after one lap. The next lap borrows from the next second.
    const second = Math.floor(at / 1000) + Math.floor(this.issued / IDS_PER_LAP);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = timePart(second);
    }
    return this.#prefix + String(IDS_PER_LAP + (this.issued % IDS_PER_LAP)).slice(1);
  }
}

function timePart(second: number): string {
  const time = new Date((second + UTC8_SECONDS) * 1000);
  return time.toISOString().replace(/\D/g, '').slice(2, 14);
}
