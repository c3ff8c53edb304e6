import type { GatewayResponse } from '../gateway/http/response.js';
import type { Balance } from '../messages/balance.js';
import { DeliveryReports } from './delivery-reports.js';
import { InboundMessages } from './inbound-messages.js';
import { SentMessages, type SendEntry } from './sent-messages.js';
import { failureResponse, jsonResponse, type Rejection, type SimulatedFailure } from './simulated-failure.js';
import { timeSlot } from './time-slot.js';

/** A one-time password that was confirmed as used. */
export interface Conversion {
  readonly number: string;
  readonly msgId: string | undefined;
  readonly at: Date;
}

const EMPTY_CONTENT = -4;

/**
 * The platform's side of the protocol, without a network. It responds in the vendor's form, so that the code of production
 * decides what a response means.
 */
export class InProcessPlatform {
  readonly messages = new SentMessages();
  readonly reports = new DeliveryReports(this.messages.sent);
  readonly inbound = new InboundMessages();
  readonly conversions: Conversion[] = [];
  readonly sendFailures: (SimulatedFailure | Rejection)[] = [];
  readonly queryFailures: SimulatedFailure[] = [];
  funds: Balance = { balance: '99.990000', gift: '50.00000', credit: '0' };

  /** @throws {NoResponseError} if the next failure is one without a response. */
  respond(path: string, fields: Readonly<Record<string, unknown>>): GatewayResponse {
    switch (path) {
      case 'sendSms':
        return this.#send([fields as unknown as SendEntry]);
      case 'sendSms/batch':
        return this.#send(fields['array'] as SendEntry[]);
      default: {
        const failure = this.queryFailures.shift();
        return failure === undefined ? jsonResponse(this.#query(path, fields)) : failureResponse(failure);
      }
    }
  }

  #send(entries: readonly SendEntry[]): GatewayResponse {
    const failure = this.sendFailures.shift();
    if (failure !== undefined && !('numbers' in failure)) return failureResponse(failure);
    // The only message that the service accepts and the platform rejects.
    if (entries.some(({ content }) => content.trim() === '')) return failureResponse({ status: EMPTY_CONTENT });
    return jsonResponse(this.messages.accept(entries, failure));
  }

  #query(path: string, fields: Readonly<Record<string, unknown>>): object {
    switch (path) {
      case 'getBalance':
        return { status: '0', reason: 'success', ...this.funds };
      case 'getReport':
        return this.reports.byIds(String(fields['msgIds']).split(','));
      case 'getSentRcd': {
        const { startTime, endTime, startIndex } = fields;
        return this.reports.bySlot(timeSlot(startTime, endTime), Number(startIndex ?? 0));
      }
      case 'recordMo': {
        const { strTime, endTime } = fields['params'] as Record<string, unknown>;
        const { current, size } = fields;
        return this.inbound.page(timeSlot(strTime, endTime), { current: Number(current), size: Number(size) });
      }
      case 'postback/backfill': {
        const { number, time, msgid } = fields as { number: string; time: string; msgid?: string };
        this.conversions.push({ number, msgId: msgid, at: new Date(Number(time)) });
        return { status: '0', reason: 'success' };
      }
      default:
        throw new Error(`The fake has no endpoint ${path}`);
    }
  }
}
