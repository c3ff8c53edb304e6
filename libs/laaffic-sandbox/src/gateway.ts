import { Account } from './account/account.js';
import { Throttle } from './account/throttle.js';
import { Deliveries } from './delivery/deliveries.js';
import { Ledger } from './ledger/ledger.js';
import { MsgIds } from './ledger/msg-id.js';
import { resolveSettings, type Resolved } from './options/resolve-settings.js';
import type { SandboxOptions } from './options/sandbox.options.js';
import { Pushes } from './push/pushes.js';
import { Reporter } from './push/reporter.js';
import { SandboxError } from './sandbox.error.js';
import { Secrets } from './secrets.js';
import { Script } from './script/script.js';
import { Waits } from './timing/waits.js';

const fixed = ['host', 'port', 'basePath', 'now', 'requestTimeout'] as const;

/** Everything one sandbox knows. The rooms work on it; none of them keeps a state of its own. */
export class Gateway {
  resolved: Resolved;
  readonly account: Account;
  readonly ledger: Ledger;
  readonly throttle = new Throttle();
  readonly msgIds = new MsgIds();
  readonly script = new Script();
  readonly deliveries = new Deliveries();
  readonly waits = new Waits();
  readonly secrets: Secrets;
  readonly pushes: Pushes;
  readonly reporter: Reporter;

  constructor(options: SandboxOptions) {
    this.resolved = resolveSettings(options);
    const { settings } = this.resolved;
    this.secrets = new Secrets(settings);
    this.account = new Account(settings);
    this.ledger = new Ledger(settings.historyLimit, settings.messageLimit, ({ msgId }) => {
      this.deliveries.forget(msgId);
    });
    const { waits } = this;
    const now = (): number => this.now();
    const current = (): Resolved['settings'] => this.resolved.settings;
    this.pushes = new Pushes(waits, current, now, settings.historyLimit);
    this.reporter = new Reporter({ settings: current, now, waits, pushes: this.pushes });
  }

  configure(options: SandboxOptions): void {
    for (const field of fixed) {
      if (options[field] !== undefined) {
        throw new SandboxError('INVALID_OPTION', `${field} cannot change once the sandbox has started`, field);
      }
    }
    this.resolved = resolveSettings(options, this.resolved.settings);
    const { historyLimit, messageLimit } = this.resolved.settings;
    this.secrets.add(this.resolved.settings);
    this.account.fill(options);
    this.ledger.resize(historyLimit, messageLimit);
    this.pushes.resize(historyLimit);
  }

  reset(): void {
    this.ledger.clear();
    this.deliveries.clear();
    this.reporter.clear();
    this.pushes.clear();
    this.script.clear();
    this.throttle.clear();
    this.account.fill(this.resolved.settings);
  }

  /** Resolves when no push is under way and no report is still to come. */
  pushesDone(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        this.reporter.whenIdle(() => {
          this.pushes.whenIdle(() => {
            if (this.reporter.pending === 0) resolve();
            else look();
          });
        });
      };
      look();
    });
  }

  /** Ends every delay and every push. */
  close(): void {
    this.waits.cancelAll();
    this.reporter.clear();
    this.pushes.close();
  }

  /** Milliseconds since 1970 by the gateway's clock. */
  now(skew = this.resolved.settings.clockSkew): number {
    return this.resolved.settings.now() + skew * 1000;
  }
}
