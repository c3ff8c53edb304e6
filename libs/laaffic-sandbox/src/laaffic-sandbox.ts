import { Gateway } from './gateway.js';
import { deliver, deliveryFor } from './delivery/deliver.js';
import type { Delivery, DeliveryState } from './delivery/delivery.js';
import { GatewayServer } from './http/gateway.server.js';
import { receive } from './inbound/receive.js';
import type { AcceptedMessage } from './ledger/accepted.message.js';
import type { Conversion } from './ledger/conversion.js';
import type { InboundMessage, InboundText } from './ledger/inbound.message.js';
import type { RecordedRequest } from './ledger/recorded.request.js';
import type { SandboxOptions } from './options/sandbox.options.js';
import type { RecordedPush } from './push/recorded.push.js';
import type { ScriptStep } from './script/script.step.js';

/** A Laaffic gateway on this machine. */
export class LaafficSandbox implements AsyncDisposable {
  private constructor(
    private readonly gateway: Gateway,
    private readonly server: GatewayServer,
    /** The base URL for clients, base path included: `http://127.0.0.1:4010/v3`. */
    readonly url: string,
  ) {}

  /** Resolves once it listens; throws a SandboxError that names the wrong option, or says that the port is taken. */
  static async start(options: SandboxOptions = {}): Promise<LaafficSandbox> {
    const gateway = new Gateway(options);
    const server = new GatewayServer(gateway);
    const port = await server.listen();
    const { host, basePath } = gateway.resolved.settings;
    return new LaafficSandbox(gateway, server, `http://${reachable(host)}:${port}${basePath}`);
  }

  /** Every vendor call so far, oldest first, those that were cut or left hanging included. */
  get requests(): readonly RecordedRequest[] {
    return this.gateway.ledger.requests.all;
  }

  /** Every accepted message so far, oldest first. */
  get messages(): readonly AcceptedMessage[] {
    return this.gateway.ledger.messages.all;
  }

  /** Every inbound message so far, oldest first. */
  get inboundMessages(): readonly InboundMessage[] {
    return this.gateway.ledger.inbound.all;
  }

  /** Every conversion reported by `postback/backfill` so far, oldest first. */
  get conversions(): readonly Conversion[] {
    return this.gateway.ledger.conversions.all;
  }

  /** Every push so far, oldest first, those under way included. */
  get pushes(): readonly RecordedPush[] {
    return this.gateway.pushes.history.all;
  }

  /** How far a message has come; throws a SandboxError for an id that was never given or is forgotten. */
  delivery(msgId: string): Delivery {
    return deliveryFor(this.gateway, msgId);
  }

  /**
   * Sets the state of a message at once, in place of what time would make of it; a final state is pushed, each time.
   * `reason` is what the report says.
   */
  deliver(msgId: string, state: DeliveryState, { reason }: { reason?: string } = {}): Delivery {
    return deliver(this.gateway, msgId, state, reason);
  }

  /** Lets a message from a phone arrive: `recordMo` has it, and it is pushed. */
  inbound(message: InboundText): InboundMessage {
    return receive(this.gateway, message);
  }

  /**
   * Pushes what is due by now and resolves when every push is acknowledged or given up and no report is to come. A report
   * to come waits for the clock or for `deliver`; with a clock that stands still, call that first.
   */
  pushesDone(): Promise<void> {
    return this.gateway.pushesDone();
  }

  /** What is left in the account, with six decimals. */
  get funds(): { readonly balance: string; readonly gift: string; readonly credit: string } {
    return this.gateway.account.funds;
  }

  /** Says what happens to the next calls; steps queue up, first in, first out. */
  script(steps: ScriptStep | readonly ScriptStep[]): void {
    this.gateway.script.add(Array.isArray(steps) ? steps : [steps]);
  }

  /** Steps that are not used up, `times` being what is left of them. */
  get pendingScript(): readonly ScriptStep[] {
    return this.gateway.script.pending;
  }

  /** Throws a SandboxError that lists the steps no call has used up; endless ones count as done after one call. */
  assertScriptDone(): void {
    this.gateway.script.assertDone();
  }

  /**
   * Changes options from the next call on. `host`, `port`, `basePath`, `now` and `requestTimeout` stay. A given balance is
   * a new one.
   */
  configure(options: Omit<SandboxOptions, 'host' | 'port' | 'basePath' | 'now' | 'requestTimeout'>): void {
    this.gateway.configure(options);
  }

  /** Forgets requests, messages, pushes, conversions and script, and gives the account its money back; the options stay. */
  reset(): void {
    this.gateway.reset();
  }

  /**
   * A text without the API key, the API secret and the paths of push addresses, as `***`: for logs of your own. What was
   * secret earlier is left out too.
   */
  redact(text: string): string {
    return this.gateway.secrets.redact(text);
  }

  /** Ends at once: open sockets, delays and hanging calls are destroyed. May be called again. */
  close(): Promise<void> {
    return this.server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
