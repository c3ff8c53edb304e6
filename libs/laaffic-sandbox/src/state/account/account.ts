import type { SandboxSettings } from '../../options/sandbox-options.js';
import { fromMicros, toMicros } from '../../vendor/decimal.js';

type Funds = Pick<SandboxSettings, 'balance' | 'gift' | 'credit'>;

/** The money of the account, in whole millionths. */
export class Account {
  #balance = 0;
  #gift = 0;
  #credit = 0;

  constructor(funds: Funds) {
    this.setFunds(funds);
  }

  setFunds({ balance, gift, credit }: Partial<Funds>): void {
    if (balance !== undefined) this.#balance = toMicros(balance) ?? 0;
    if (gift !== undefined) this.#gift = toMicros(gift) ?? 0;
    if (credit !== undefined) this.#credit = toMicros(credit) ?? 0;
  }

  get funds(): { balance: string; gift: string; credit: string } {
    return { balance: fromMicros(this.#balance), gift: fromMicros(this.#gift), credit: fromMicros(this.#credit) };
  }

  /** Charges the whole sum. Returns `false` and charges nothing if there is too little. */
  spend(micros: number, from: 'balance' | 'balance-gift-credit'): boolean {
    const usesAll = from === 'balance-gift-credit';
    if (micros > this.#balance + (usesAll ? this.#gift + this.#credit : 0)) return false;
    const ofBalance = Math.min(micros, this.#balance);
    const ofGift = Math.min(micros - ofBalance, this.#gift);
    this.#balance -= ofBalance;
    this.#gift -= ofGift;
    this.#credit -= micros - ofBalance - ofGift;
    return true;
  }
}
