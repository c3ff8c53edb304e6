import { addInboundMessage } from './control/add-inbound-message.js';
import { getDelivery, setDeliveryState } from './control/delivery-state.js';
import type {
  AcceptedMessage,
  Conversion,
  InboundMessage,
  NewInboundMessage,
  RecordedPush,
  RecordedRequest,
} from './history/records.js';
import { GatewayServer } from './http/gateway-server.js';
import type { SandboxOptions } from './options/sandbox-options.js';
import type { Delivery, DeliveryState } from './state/delivery/delivery.js';
import { Gateway } from './state/gateway.js';
import type { ScriptStep } from './state/script/script-step.js';

/**
 * A Laaffic gateway on this machine. The lists grow while you hold them. Copy a list to compare it before and after.
 * @example
 * const sandbox = await LaafficSandbox.start();
 * const client = new YourClient({ baseUrl: sandbox.url, ...SAMPLE_ACCOUNT });
 * await client.send('91856321412', 'hello world');
 * expect(sandbox.messages).toMatchObject([{ number: '91856321412', content: 'hello world' }]);
 * await sandbox.close();
 */
export class LaafficSandbox implements AsyncDisposable {
  private constructor(
    private readonly gateway: Gateway,
    private readonly server: GatewayServer,
    /** The base URL for clients, base path included: `http://127.0.0.1:4010/v3`. */
    readonly url: string,
  ) {}

  /**
   * Starts a sandbox. By default it listens on a free port of 127.0.0.1.
   * @throws {SandboxError} if an option is invalid or the port is taken.
   * @example await using sandbox = await LaafficSandbox.start({ pricePerSegment: '0.05', balance: '10' });
   */
  static async start(options: SandboxOptions = {}): Promise<LaafficSandbox> {
    const gateway = new Gateway(options);
    const server = new GatewayServer(gateway);
    const port = await server.listen();
    const { host, basePath } = gateway.resolved.settings;
    return new LaafficSandbox(gateway, server, `http://${reachableHost(host)}:${port}${basePath}`);
  }

  /** All requests to vendor endpoints, oldest first, including those that were cut or left hanging. */
  get requests(): readonly RecordedRequest[] {
    return this.gateway.history.requests.all;
  }

  /** All accepted messages, oldest first. */
  get messages(): readonly AcceptedMessage[] {
    return this.gateway.history.messages.all;
  }

  /** All inbound messages, oldest first. */
  get inboundMessages(): readonly InboundMessage[] {
    return this.gateway.history.inboundMessages.all;
  }

  /** All conversions reported by `postback/backfill`, oldest first. */
  get conversions(): readonly Conversion[] {
    return this.gateway.history.conversions.all;
  }

  /** All pushes, oldest first, including those in flight. */
  get pushes(): readonly RecordedPush[] {
    return this.gateway.pushes.history.all;
  }

  /**
   * Returns the current delivery state of a message.
   * @throws {SandboxError} if no message has the id, or the sandbox has dropped it.
   */
  getDelivery(msgId: string): Delivery {
    return getDelivery(this.gateway, msgId);
  }

  /**
   * Sets the delivery state of a message. Afterwards it changes only by another call. A final state is pushed, each time.
   * @param reason the reason in the report. `'0'` by default for `delivered`, `'UNDELIV'` for `failed`.
   * @throws {SandboxError} if no message has the id.
   * @example sandbox.setDeliveryState(msgId, 'failed', { reason: 'EXPIRED' });
   */
  setDeliveryState(msgId: string, state: DeliveryState, { reason }: { reason?: string } = {}): Delivery {
    return setDeliveryState(this.gateway, msgId, state, reason);
  }

  /**
   * Adds a message from a phone. `recordMo` lists it, and it is pushed to `pushInboundTo`.
   * @throws {SandboxError} if a field is invalid.
   * @example sandbox.addInboundMessage({ from: '91856321412', to: 'ACME', content: 'STOP' });
   */
  addInboundMessage(message: NewInboundMessage): InboundMessage {
    return addInboundMessage(this.gateway, message);
  }

  /**
   * Sends the pushes that are due now and resolves once all pushes are acknowledged or given up and no report is due
   * later. A later report waits for the clock or for `setDeliveryState`. If your clock stands still, call that first.
   */
  waitForPushes(): Promise<void> {
    return this.gateway.waitForPushes();
  }

  /** The money left in the account, with six decimals. */
  get funds(): { readonly balance: string; readonly gift: string; readonly credit: string } {
    return this.gateway.account.funds;
  }

  /**
   * Scripts the next requests. Steps are used in the order they were added.
   * @throws {SandboxError} if a step is invalid. Then no step is added.
   * @example sandbox.script([{ status: -10 }, { fault: 'cut-after-accepting', times: 2 }]);
   */
  script(steps: ScriptStep | readonly ScriptStep[]): void {
    this.gateway.script.add(Array.isArray(steps) ? steps : [steps]);
  }

  /** The steps that are not used up. Their `times` is what remains. */
  get pendingSteps(): readonly ScriptStep[] {
    return this.gateway.script.pending;
  }

  /**
   * Checks that the requests used all steps of the script. An endless step needs one request.
   * @throws {SandboxError} that lists the unused steps.
   */
  assertScriptDone(): void {
    this.gateway.script.assertDone();
  }

  /**
   * Changes options for the next requests. A given `balance`, `gift` or `credit` replaces what is left.
   * @throws {SandboxError} if an option is invalid. Then nothing changes.
   * @example sandbox.configure({ rejectionRules: [{ number: /^1/, status: -9 }], quirks: { failArray: 'always' } });
   */
  configure(options: Omit<SandboxOptions, 'host' | 'port' | 'basePath' | 'now' | 'requestTimeoutMs'>): void {
    this.gateway.configure(options);
  }

  /** Forgets all requests, messages, pushes, conversions and steps, and refills the account. Keeps the options. */
  reset(): void {
    this.gateway.reset();
  }

  /**
   * Returns a text with `***` in place of the API key, the API secret and the paths of push URLs, for your own logs.
   * Earlier secrets are replaced too.
   */
  redact(text: string): string {
    return this.gateway.secrets.redact(text);
  }

  /** Closes the sandbox at once. Destroys open sockets, delays and hanging requests. May be called again. */
  close(): Promise<void> {
    return this.server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
