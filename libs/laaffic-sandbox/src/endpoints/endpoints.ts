import type { Gateway } from '../gateway.js';
import { refused, type CallOutcome } from '../protocol/call.outcome.js';
import type { EndpointName } from '../protocol/endpoint.name.js';
import type { Refusal } from '../protocol/refusal.js';
import { sendEnvelope } from '../protocol/send.envelope.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import { backfill } from '../queries/backfill.js';
import { getBalance } from '../queries/get-balance.js';
import { getReport } from '../queries/get-report.js';
import { getSentRcd } from '../queries/get-sent-rcd.js';
import { recordMo } from '../queries/record-mo.js';
import { refuseCall } from '../sending/refuse-call.js';
import type { SendOutcome } from '../sending/send.outcome.js';
import { sendBatch, sendSms } from '../sending/send-sms.js';

export interface Endpoint {
  readonly methods: readonly ('GET' | 'POST')[];
  work(call: VendorCall, gateway: Gateway): CallOutcome;
  refuse(call: VendorCall, refusal: Refusal, gateway: Gateway): CallOutcome;
}

export const endpoints: Readonly<Record<EndpointName, Endpoint>> = {
  sendSms: sending(['GET', 'POST'], sendSms),
  'sendSms/batch': sending(['POST'], sendBatch),
  getReport: asking(['GET'], getReport),
  getSentRcd: asking(['GET'], getSentRcd),
  getBalance: asking(['GET'], getBalance),
  recordMo: asking(['POST'], recordMo),
  'postback/backfill': asking(['POST'], backfill),
};

type Work<Outcome> = (call: VendorCall, gateway: Gateway) => Outcome;

function sending(methods: Endpoint['methods'], work: Work<SendOutcome>): Endpoint {
  const worded = (outcome: SendOutcome, { quirks }: VendorCall): CallOutcome => ({
    ...outcome,
    envelope: sendEnvelope(outcome, quirks),
  });
  return {
    methods,
    work: (call, gateway) => worded(work(call, gateway), call),
    refuse: (call, refusal, { msgIds }) => worded(refuseCall(call, refusal, msgIds), call),
  };
}

function asking(methods: Endpoint['methods'], work: Work<CallOutcome | Refusal>): Endpoint {
  return {
    methods,
    work: (call, gateway) => {
      const outcome = work(call, gateway);
      return 'envelope' in outcome ? outcome : refused(outcome, call);
    },
    refuse: (call, refusal) => refused(refusal, call),
  };
}
