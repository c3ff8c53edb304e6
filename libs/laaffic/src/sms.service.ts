import { Inject, Injectable, Logger } from '@nestjs/common';
import { invalidCommand } from './errors/invalid-command.js';
import { LaafficException } from './errors/laaffic.exception.js';
import { LaafficGateway } from './gateway/laaffic.gateway.js';
import { OrderIds } from './messages/order-id.js';
import { readSendCommand } from './messages/read-send-command.js';
import { MAX_RECIPIENTS } from './messages/recipients.js';
import type { SendSms } from './messages/send-sms.command.js';
import type { SmsReceipt } from './messages/sms-receipt.js';
import { LaafficSettings } from './options/laaffic.settings.js';

/** How one send is made. */
export interface SendOptions {
  /**
   * Ends the call. Before the request was written its outcome is `rejected`, later `unknown`: an
   * abort cannot take back what the gateway may have read.
   */
  signal?: AbortSignal | undefined;
  /**
   * The most that the call may take, in milliseconds.
   * @default the module's `timeout`
   */
  timeout?: number | undefined;
  /**
   * POST takes 1,000 recipients a request, GET 100.
   * @default the module's `method`
   */
  method?: 'POST' | 'GET' | undefined;
}

/** Token of the {@link SmsService} of a named account. */
export function getSmsToken(name: string): string {
  return `SmsService:${name}`;
}

/** Injects the {@link SmsService} of the account that was registered under this name. */
export function InjectSms(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(getSmsToken(name));
}

/** Sends SMS through one Laaffic account. */
@Injectable()
export class SmsService {
  readonly #logger = new Logger(SmsService.name);

  constructor(
    private readonly settings: LaafficSettings,
    private readonly gateway: LaafficGateway,
    private readonly orderIds: OrderIds,
  ) {}

  /**
   * Sends one text to one or many recipients in one request.
   *
   * Resolves if the gateway accepted at least one recipient, so for a single recipient resolving
   * means accepted. With several, look at `rejected` and `unknown` too.
   * @throws {LaafficException} if nobody was accepted. Its `outcome` says whether sending again is
   * safe, its `receipt` what became of each recipient. Wrong commands are refused before anything
   * leaves the process, with every problem and its position.
   */
  async send(command: SendSms, options: SendOptions = {}): Promise<SmsReceipt> {
    const { method = this.settings.method, timeout = this.settings.timeout, signal } = options;
    checkTimeout(timeout);
    const read = readSendCommand(command, MAX_RECIPIENTS[method], this.orderIds.forRequest());
    if ('issues' in read) throw invalidCommand(read.issues);
    const { recipients, content, senderId = this.settings.senderId } = read.sms;
    const sms = { appId: this.settings.appId, recipients, content, senderId };
    try {
      return await this.gateway.sendSms(sms, { method, timeout, signal });
    } catch (error) {
      if (error instanceof LaafficException) this.report(error, recipients.length);
      throw error;
    }
  }

  /** What the operator has to mend is a warning; everything else is for the caller, who gets the exception. */
  private report(exception: LaafficException, recipients: number): void {
    const text = `${exception.message} Outcome of ${recipients} recipients: ${exception.outcome}.`;
    if (exception.kind === 'account' || exception.kind === 'clock') this.#logger.warn(text);
    else this.#logger.debug(text);
  }
}

/** Node's timers fire at once beyond 2^31 - 1 milliseconds. */
function checkTimeout(timeout: number): void {
  if (timeout > 0 && timeout < 2 ** 31) return;
  throw invalidCommand([{ field: 'timeout', problem: 'must be above 0 and below 2147483648 milliseconds' }]);
}
