import type { Attributes } from '@opentelemetry/api';
import type { GatewayQueryEnded, GatewayRequestStarted, GatewaySendEnded } from '../gateway/traffic.events.js';

/** Whose instruments and spans they are. */
export const SCOPE = 'nestjs-laaffic';

/** OpenTelemetry's own word for an error without a class. */
const OTHER = '_OTHER';

/** What spans and metrics say of a request; each value is one of few. */
export function requestLabels({ endpoint, server }: GatewayRequestStarted, account: string | undefined): Attributes {
  return {
    'laaffic.endpoint': endpoint,
    'server.address': server.address,
    'server.port': server.port,
    ...accountLabel(account),
  };
}

/** The name of the account's registration, if it has one. */
export function accountLabel(account: string | undefined): Attributes {
  return account === undefined ? {} : { 'laaffic.account': account };
}

type Outcome = GatewaySendEnded['outcome'] | GatewayQueryEnded['outcome'];

const FAILURES: ReadonlySet<Outcome> = new Set<Outcome>(['rejected', 'unknown', 'failed']);

/** How a request ended, or what became of recipients. */
export function outcomeLabels(outcome: Outcome, code?: string): { 'laaffic.outcome': Outcome; 'error.type'?: string } {
  return { 'laaffic.outcome': outcome, ...(FAILURES.has(outcome) ? { 'error.type': code ?? OTHER } : {}) };
}
