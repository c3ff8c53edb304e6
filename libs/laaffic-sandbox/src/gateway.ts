import { Account } from './account/account.js';
import { Throttle } from './account/throttle.js';
import { Ledger } from './ledger/ledger.js';
import { MsgIds } from './ledger/msg-id.js';
import { resolveSettings, type Resolved } from './options/resolve-settings.js';
import type { SandboxOptions } from './options/sandbox.options.js';
import { SandboxError } from './sandbox.error.js';
import { Script } from './script/script.js';

const fixed = ['host', 'port', 'basePath', 'now'] as const;

/** Everything one sandbox knows. The rooms work on it; none of them keeps a state of its own. */
export class Gateway {
  resolved: Resolved;
  readonly account: Account;
  readonly ledger: Ledger;
  readonly throttle = new Throttle();
  readonly msgIds = new MsgIds();
  readonly script = new Script();

  constructor(options: SandboxOptions) {
    this.resolved = resolveSettings(options);
    const { settings } = this.resolved;
    this.account = new Account(settings);
    this.ledger = new Ledger(settings.historyLimit, settings.messageLimit);
  }

  configure(options: SandboxOptions): void {
    for (const field of fixed) {
      if (options[field] !== undefined) {
        throw new SandboxError('INVALID_OPTION', `${field} cannot change once the sandbox has started`, field);
      }
    }
    this.resolved = resolveSettings(options, this.resolved.settings);
    const { historyLimit, messageLimit } = this.resolved.settings;
    this.account.fill(options);
    this.ledger.resize(historyLimit, messageLimit);
  }

  reset(): void {
    this.ledger.clear();
    this.script.clear();
    this.throttle.clear();
    this.account.fill(this.resolved.settings);
  }

  /** Milliseconds since 1970 by the gateway's clock. */
  now(skew = this.resolved.settings.clockSkew): number {
    return this.resolved.settings.now() + skew * 1000;
  }
}
