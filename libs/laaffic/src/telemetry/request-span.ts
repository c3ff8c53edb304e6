import { SpanKind, SpanStatusCode, type Attributes, type Span, type Tracer } from '@opentelemetry/api';
import type { GatewayQueryEnded, GatewayRequestStarted, GatewaySendEnded } from '../gateway/traffic.events.js';
import { outcomeLabels } from './labels.js';

/**
 * The span of one request, below the span that is active in the caller. It has the attributes of
 * OpenTelemetry's HTTP client spans, but for the URL, which holds numbers and content on a GET.
 */
export function startSpan(tracer: Tracer, request: GatewayRequestStarted, labels: Attributes): Span {
  const { method, endpoint, attempt, recipients } = request;
  return tracer.startSpan(`${method} ${endpoint}`, {
    kind: SpanKind.CLIENT,
    attributes: {
      ...labels,
      'http.request.method': method,
      ...(attempt > 1 ? { 'http.request.resend_count': attempt - 1 } : {}),
      ...(recipients > 0 ? { 'laaffic.recipients.total': recipients } : {}),
    },
  });
}

export function endSpan(span: Span, event: GatewaySendEnded | GatewayQueryEnded): void {
  const { outcome, code, status, httpStatus } = event;
  const ending = outcomeLabels(outcome, code);
  span.setAttributes(ending);
  if (status !== undefined) span.setAttribute('laaffic.status', status);
  if (httpStatus !== undefined) span.setAttribute('http.response.status_code', httpStatus);
  if ('failures' in event) {
    span.setAttributes({
      'laaffic.recipients.accepted': event.accepted,
      'laaffic.recipients.rejected': event.rejected,
      'laaffic.recipients.unknown': event.unknown,
    });
  }
  const error = ending['error.type'];
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  span.end();
}
