import type { Attributes } from '@opentelemetry/api';
import type { QueryEndedEvent, RequestStartedEvent, SendEndedEvent } from '../gateway/traffic/request-events.js';

/** The name of the instrumentation scope. */
export const SCOPE = 'nestjs-laaffic';

/** OpenTelemetry's value for an error without a class. */
const OTHER = '_OTHER';

/** The labels of a request in spans and metrics. All have few possible values. */
export function requestLabels({ endpoint, server }: RequestStartedEvent, account: string | undefined): Attributes {
  return {
    'laaffic.endpoint': endpoint,
    'server.address': server.address,
    'server.port': server.port,
    ...accountLabel(account),
  };
}

/** The label with the name of the account, if it has one. */
export function accountLabel(account: string | undefined): Attributes {
  return account === undefined ? {} : { 'laaffic.account': account };
}

type Outcome = SendEndedEvent['outcome'] | QueryEndedEvent['outcome'];

const FAILURES: ReadonlySet<Outcome> = new Set<Outcome>(['rejected', 'unknown', 'failed']);

/** The labels of the outcome of a request or of recipients. */
export function outcomeLabels(outcome: Outcome, code?: string): { 'laaffic.outcome': Outcome; 'error.type'?: string } {
  return { 'laaffic.outcome': outcome, ...(FAILURES.has(outcome) ? { 'error.type': code ?? OTHER } : {}) };
}
