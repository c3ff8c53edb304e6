import { Global, Module } from '@nestjs/common';
import { HealthChecks } from './health-checks.js';
import { InFlightRequests } from './shutdown/in-flight-requests.js';
import { ShutdownSignal } from './shutdown/shutdown-signal.js';
import { RowStreams } from './streams/row-streams.js';

/** What the feature modules share: the shutdown, streamed lists and health checks. */
@Global()
@Module({
  providers: [HealthChecks, InFlightRequests, RowStreams, ShutdownSignal],
  exports: [HealthChecks, InFlightRequests, RowStreams, ShutdownSignal],
})
export class CommonModule {}
