import { OutboxExtension, getOutboxStoreToken, type OutboxStore } from 'nestjs-laaffic-outbox/extension';
import { THIS_RELEASE } from '../../libs/laaffic-verify/src/store/migrate-verification.js';
import { PostgresStore } from '../../libs/laaffic-verify/src/store/postgres-store.js';
import type { ModuleMetadata } from '@nestjs/common';
import type { LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import type { Stage } from '../outbox/stage.js';

/** A store in the database of a stage, with a time that the test sets, or the server's. */
export async function openStore(
  stage: Stage,
  now?: () => Date | undefined,
  outboxOptions: Partial<LaafficOutboxOptions> = {},
  more: ModuleMetadata = {},
) {
  const { app, outbox } = await stage.app({ worker: false, ...outboxOptions }, more);
  const outboxStore = app.get<OutboxStore>(getOutboxStoreToken());
  const extension = await OutboxExtension.open(outboxStore, THIS_RELEASE, { schema: 'laaffic_verify', migrate: true });
  return { store: new PostgresStore(extension, now), outbox, extension, app };
}
