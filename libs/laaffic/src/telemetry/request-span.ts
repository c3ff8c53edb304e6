import type { Attributes, Span, Tracer } from '@opentelemetry/api';
import type { QueryEndedEvent, RequestStartedEvent, SendEndedEvent } from '../gateway/traffic/request-events.js';
import { outcomeLabels } from './labels.js';

/** The package, which is imported when an app starts with `LaafficTelemetryModule`: it is optional. */
export type OpenTelemetry = typeof import('@opentelemetry/api');

/**
 * Starts the span of one request, as a child of the caller's active span. It has the attributes of OpenTelemetry's HTTP
 * client spans, except the URL, because that of a GET has numbers and content.
 */
export function startSpan(
  tracer: Tracer,
  request: RequestStartedEvent,
  labels: Attributes,
  { SpanKind }: OpenTelemetry,
): Span {
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

/** Ends the span of a request with its outcome. */
export function endSpan(span: Span, event: SendEndedEvent | QueryEndedEvent, { SpanStatusCode }: OpenTelemetry): void {
  const { outcome, code, status, httpStatus } = event;
  const labels = outcomeLabels(outcome, code);
  span.setAttributes(labels);
  if (status !== undefined) span.setAttribute('laaffic.status', status);
  if (httpStatus !== undefined) span.setAttribute('http.response.status_code', httpStatus);
  if ('failures' in event) {
    span.setAttributes({
      'laaffic.recipients.accepted': event.accepted,
      'laaffic.recipients.rejected': event.rejected,
      'laaffic.recipients.unknown': event.unknown,
    });
  }
  const error = labels['error.type'];
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  span.end();
}
