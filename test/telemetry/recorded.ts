import { Test } from '@nestjs/testing';
import type { Attributes, HrTime } from '@opentelemetry/api';
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { LaafficModule, SmsService, type LaafficOptions } from 'nestjs-laaffic';
import { LaafficTelemetryModule } from 'nestjs-laaffic/telemetry';
import { ACCOUNT } from '../module/account.js';

class Reader extends MetricReader {
  protected override onForceFlush = () => Promise.resolve();
  protected override onShutdown = () => Promise.resolve();
}

const seconds = ([whole, nanoseconds]: HrTime) => whole + nanoseconds / 1e9;

/** An OpenTelemetry SDK that keeps everything. */
export function sdk() {
  const exporter = new InMemorySpanExporter();
  const reader = new Reader();
  const collect = async () => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw new AggregateError(errors);
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  };
  return {
    tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    meterProvider: new MeterProvider({ readers: [reader] }),
    /** The ended spans, oldest first. */
    spans: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        kind: span.kind,
        status: span.status,
        attributes: span.attributes,
        events: span.events,
        links: span.links,
        scope: span.instrumentationScope.name,
        seconds: seconds(span.duration),
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parent: span.parentSpanContext?.spanId,
      })),
    /** What each instrument holds: `[labels, value]`, the value of a histogram being how many it has. */
    metrics: async () =>
      (await collect()).map(({ descriptor: { name, unit, description }, dataPoints }) => ({
        ...{ name, unit, description },
        points: dataPoints.map(({ attributes, value }): [Attributes, number] => [
          attributes,
          typeof value === 'number' ? value : value.count,
        ]),
      })),
    /** Those of the first histogram, in seconds. */
    boundaries: async () => {
      const histogram = (await collect()).find((data) => data.dataPointType === DataPointType.HISTOGRAM);
      return histogram?.dataPoints[0]?.value.buckets.boundaries;
    },
  };
}

/** An app with an account and the telemetry of it, as a user makes one. */
export async function recorded(
  options: Partial<LaafficOptions>,
  telemetry: Parameters<typeof LaafficTelemetryModule.forRoot>[0],
) {
  const imports = [LaafficModule.forRoot({ ...ACCOUNT, ...options }), LaafficTelemetryModule.forRoot(telemetry)];
  const app = await Test.createTestingModule({ imports }).compile();
  app.useLogger(false);
  await app.init();
  return { sms: app.get(SmsService), close: () => app.close() };
}
