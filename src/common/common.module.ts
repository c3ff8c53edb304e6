import { Global, Module } from '@nestjs/common';
import { InFlightRequests } from './shutdown/in-flight-requests.js';
import { ShutdownSignal } from './shutdown/shutdown-signal.js';
import { RowStreams } from './streams/row-streams.js';

/** What the feature modules share: the shutdown and streamed lists. */
@Global()
@Module({
  providers: [InFlightRequests, RowStreams, ShutdownSignal],
  exports: [InFlightRequests, RowStreams, ShutdownSignal],
})
export class CommonModule {}
