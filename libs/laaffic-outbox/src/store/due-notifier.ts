import type { Database } from '../database/database.js';
import type { Listener } from '../database/listener.js';
import type { Lane } from '../options/outbox.options.js';
import { notifyDue } from '../sql/generated.js';

/** One notification in so many milliseconds, for each lane. Commits that notify wait for each other in the whole server. */
const WINDOW = 100;
/** How many windows later a message of an app's transaction has certainly, or almost certainly, been committed. */
const WINDOWS_TO_COMMIT = 2;

/** A time in which no further notification is sent. */
interface Window {
  readonly timer: NodeJS.Timeout;
  /** How many notifications to send at the ends of this window and the next ones. */
  owed: number;
}

/** Notifies workers that messages are due, not more often than they need to know. */
export class DueNotifier {
  readonly #windows = new Map<Lane, Window>();

  constructor(
    private readonly account: string,
    private readonly database: Database,
    private readonly listener: Pick<Listener, 'emit'>,
    private readonly isOn: boolean,
  ) {}

  /**
   * Call it before a message is stored in an app's transaction.
   * @returns whether that transaction has to notify. Otherwise this sends a notification a little later.
   */
  takeTurn(lane: Lane): boolean {
    if (!this.isOn) return false;
    const window = this.#windows.get(lane);
    if (window === undefined) this.#open(lane, 0);
    else window.owed = WINDOWS_TO_COMMIT;
    return window === undefined;
  }

  /** Call it when something that is due has been committed. */
  notify(lane: Lane): void {
    this.listener.emit('due', duePayload(lane, this.account));
    if (!this.isOn) return;
    const window = this.#windows.get(lane);
    if (window !== undefined) {
      window.owed = Math.max(window.owed, 1);
      return;
    }
    this.#send(lane);
    this.#open(lane, 0);
  }

  /** Sends at once what is still to be sent. */
  stop(): void {
    for (const [lane, { timer, owed }] of this.#windows) {
      clearTimeout(timer);
      if (owed > 0) this.#send(lane);
    }
    this.#windows.clear();
  }

  #open(lane: Lane, owed: number): void {
    const timer = setTimeout(() => {
      const left = this.#windows.get(lane)?.owed ?? 0;
      this.#windows.delete(lane);
      if (left === 0) return;
      this.#send(lane);
      this.#open(lane, left - 1);
    }, WINDOW).unref();
    this.#windows.set(lane, { timer, owed });
  }

  /** Workers that miss it poll. */
  #send(lane: Lane): void {
    this.database.run(notifyDue, { account: this.account, lane }).catch(() => undefined);
  }
}

/** The payload of the notification that something of a lane is due. */
export function duePayload(lane: Lane, account: string): string {
  return `${lane}:${account}`;
}
