const utc8 = 8 * 3600;
const perSecond = 10_000_000;

/** Issues the vendor's ids: yyMMddHHmmss in UTC+8 and seven more digits, never the same twice. */
export class MsgIds {
  private second = Number.NaN;
  private prefix = '';

  constructor(private issued = 0) {}

  /** @param at milliseconds since 1970 */
  next(at: number): string {
    this.issued += 1;
    // a clock that stands still has used up its seven digits after a lap; the next lap borrows from the next second
    const second = Math.floor(at / 1000) + Math.floor(this.issued / perSecond);
    if (second !== this.second) {
      this.second = second;
      this.prefix = timePart(second);
    }
    return this.prefix + String(perSecond + (this.issued % perSecond)).slice(1);
  }
}

function timePart(second: number): string {
  const time = new Date((second + utc8) * 1000);
  return time.toISOString().replace(/\D/g, '').slice(2, 14);
}
