import { Injectable } from '@nestjs/common';
import { invalidCommand, readSendCommand, segments, type Issue, type SendSms } from 'nestjs-laaffic';
import { countRecipients, estimateCosts, type NumberSource, type SmsEstimate } from './costs/estimate.js';
import { Prices, type SmsPrice } from './costs/prices.js';
import { SpendingReader, type Spending, type SpendingQuery } from './costs/spending.js';
import { readPrices } from './sql/generated.js';
import type { OutboxStore } from './store/outbox-store.js';

/** A text to any number of recipients. */
export interface ManyRecipients {
  /** Any iterable or async iterable of numbers with country code. It is read once, in constant memory. */
  readonly numbers: NumberSource;
  /** The text, 1 to 1024 characters. */
  readonly content: string;
  /** As in a message. It is checked, and does not change the price. */
  readonly senderId?: string | undefined;
}

const MAX_RECIPIENTS = 1_000;
/** Completes a content to a command, so the checks of a message apply. */
const SOME_NUMBER = '1000000';
const NO_ORDER_ID = (): string => '';

/**
 * What messages cost: prices that the outbox learns from delivery reports, estimates with them, and what was spent. All
 * amounts are exact decimals as text. Nothing is converted to another currency.
 * @example
 * const { byCurrency, unpriced } = await costs.estimate({ numbers, content: 'The sale begins' });
 */
@Injectable()
export class SmsCosts {
  readonly #spending: SpendingReader;

  constructor(private readonly store: OutboxStore) {
    this.#spending = new SpendingReader(store.account, store.callers);
  }

  /**
   * Lists the prices of one part, by country, network and currency, in this order. They are learned from delivery reports
   * about messages of the last 30 days. Prices of the option `prices` are listed until 20 parts to their country were
   * charged.
   * @throws {OutboxError} a code of the database.
   */
  async getPrices(): Promise<SmsPrice[]> {
    return (await this.#readPrices()).list();
  }

  /**
   * Estimates what a text will cost before it is sent. Stores and sends nothing.
   *
   * The country of a number is told by its first digits. `low` has the most frequent price of a part in the last 30
   * days, and `high` the highest one. A country without a price is named in `unpriced`, and its price is not guessed. If
   * the platform charges another number of parts than the text takes for more than 1 % of the messages to a country,
   * the costs are multiplied by this ratio and rounded up at the twelfth decimal.
   * @param message one to 1,000 recipients in `to`, as in `enqueue`, or any number of them in `numbers`. Of `numbers`,
   * entries that are no phone numbers are counted as `invalid`.
   * @throws {LaafficInputException} naming each wrong field; nothing was read.
   * @throws what `numbers` throws, unchanged.
   * @throws {OutboxError} a code of the database.
   * @example
   * const { byCurrency, unpriced } = await costs.estimate({ numbers: readNumbers(file), content: 'The sale begins' });
   * // [{ currency: 'EUR', recipients: 2, low: '0.08', high: '0.09' }], [{ country: 'NU', recipients: 1 }]
   */
  async estimate(message: SendSms | ManyRecipients): Promise<SmsEstimate> {
    const { numbers, content } = readMessage(message);
    const counted = await countRecipients(numbers);
    return estimateCosts(counted, segments(content), await this.#readPrices());
  }

  /**
   * Reads what the platform charged, from the sums of `SmsOutbox.getCosts`.
   * @returns one row for each group and currency, in the order of both.
   * @throws {LaafficInputException} naming each wrong field.
   * @throws {OutboxError} a code of the database.
   * @example
   * await costs.getSpending({ from: '2027-01-01', to: '2027-01-31', groupBy: 'currency' });
   * // [{ currency: 'EUR', recipients: 2, parts: 4, total: '0.04' }]
   */
  getSpending(query: SpendingQuery): Promise<Spending[]> {
    return this.#spending.read(query);
  }

  async #readPrices(): Promise<Prices> {
    const { account, callers, settings } = this.store;
    return new Prices(await callers.run(readPrices, { account }), settings.prices);
  }
}

/** Callers may be JavaScript. */
function readMessage(message: unknown): { numbers: NumberSource; content: string } {
  const { to, numbers, content, senderId } = (message ?? {}) as Record<string, unknown>;
  const isMany = numbers !== undefined;
  const read = readSendCommand({ to: isMany ? SOME_NUMBER : to, content, senderId }, MAX_RECIPIENTS, NO_ORDER_ID);
  const issues: Issue[] = 'issues' in read ? [...read.issues] : [];
  if (isMany && to !== undefined) issues.push({ field: 'to', problem: 'must not be given together with numbers' });
  if (isMany && !isSource(numbers)) issues.push({ field: 'numbers', problem: 'must be an iterable of phone numbers' });
  if ('issues' in read || issues.length > 0) throw invalidCommand(issues);
  return { numbers: isSource(numbers) ? numbers : read.sms.recipients, content: read.sms.content };
}

/** Text is an iterable of its characters, and never meant so. */
function isSource(value: unknown): value is NumberSource {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
