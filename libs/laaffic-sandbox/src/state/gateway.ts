import { History } from '../history/history.js';
import { MsgIds } from '../history/msg-ids.js';
import { resolveSettings, type ResolvedSettings } from '../options/resolve-settings.js';
import type { SandboxOptions } from '../options/sandbox-options.js';
import { SandboxError } from '../sandbox.error.js';
import { Account } from './account/account.js';
import { Throttle } from './account/throttle.js';
import { Deliveries } from './delivery/delivery.js';
import { DeliveryReporter } from './push/delivery-reporter.js';
import { Pushes } from './push/pushes.js';
import { Script } from './script/script.js';
import { Secrets } from './secrets.js';
import { Timers } from './timing/timers.js';

const FIXED_OPTIONS = ['host', 'port', 'basePath', 'now', 'requestTimeoutMs'] as const;

/** The whole state of one sandbox. The endpoints and the control routes have none of their own. */
export class Gateway {
  resolved: ResolvedSettings;
  readonly account: Account;
  readonly history: History;
  readonly throttle = new Throttle();
  readonly msgIds = new MsgIds();
  readonly script = new Script();
  readonly deliveries = new Deliveries();
  readonly timers = new Timers();
  readonly secrets: Secrets;
  readonly pushes: Pushes;
  readonly reporter: DeliveryReporter;

  constructor(options: SandboxOptions) {
    this.resolved = resolveSettings(options);
    const { settings } = this.resolved;
    this.secrets = new Secrets(settings);
    this.account = new Account(settings);
    this.history = new History(settings.historyLimit, settings.messageLimit, ({ msgId }) => {
      this.deliveries.forget(msgId);
    });
    const { timers } = this;
    const now = (): number => this.now();
    const currentSettings = (): ResolvedSettings['settings'] => this.resolved.settings;
    this.pushes = new Pushes(timers, currentSettings, now, settings.historyLimit);
    this.reporter = new DeliveryReporter({ settings: currentSettings, now, timers, pushes: this.pushes });
  }

  configure(options: SandboxOptions): void {
    for (const field of FIXED_OPTIONS) {
      if (options[field] !== undefined) {
        throw new SandboxError('INVALID_OPTION', `${field} cannot change once the sandbox has started`, field);
      }
    }
    this.resolved = resolveSettings(options, this.resolved.settings);
    const { historyLimit, messageLimit } = this.resolved.settings;
    this.secrets.add(this.resolved.settings);
    this.account.setFunds(options);
    this.history.resize(historyLimit, messageLimit);
    this.pushes.resize(historyLimit);
  }

  reset(): void {
    this.history.clear();
    this.deliveries.clear();
    this.reporter.clear();
    this.pushes.clear();
    this.script.clear();
    this.throttle.clear();
    this.account.setFunds(this.resolved.settings);
  }

  /** Resolves when no push is in flight and no report is due later. */
  waitForPushes(): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        this.reporter.whenIdle(() => {
          this.pushes.whenIdle(() => {
            if (this.reporter.pending === 0) resolve();
            else check();
          });
        });
      };
      check();
    });
  }

  /** Cancels every delay and every push. */
  close(): void {
    this.timers.close();
    this.reporter.clear();
    this.pushes.close();
  }

  /** Milliseconds since 1970 by the gateway's clock. */
  now(skewSeconds = this.resolved.settings.clockSkewSeconds): number {
    return this.resolved.settings.now() + skewSeconds * 1000;
  }
}
