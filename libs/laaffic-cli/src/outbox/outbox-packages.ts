import { importOptional, MissingPackageError } from 'nestjs-laaffic';
import type * as OutboxPackage from 'nestjs-laaffic-outbox';
import type * as PgPackage from 'pg';
import { UsageError } from '../command.error.js';

export type {
  HeldRecipient,
  Lane,
  OpenedOutbox,
  OutboxRecipient,
  OutboxStats,
  SchemaStatus,
} from 'nestjs-laaffic-outbox';

/** The packages of the outbox. */
export interface OutboxPackages {
  readonly outbox: typeof OutboxPackage;
  readonly pg: typeof PgPackage;
}

/** In the order in which they are printed. */
export const LANES: readonly OutboxPackage.Lane[] = ['priority', 'bulk'];

const NEED = 'laaffic outbox needs';

/**
 * Imports the packages of the outbox. They are optional peers: who only sends needs neither, and in an app this is the
 * release of the outbox that the app uses, which knows the same versions of the schema.
 * @throws {UsageError} if they are not installed.
 */
export async function loadOutboxPackages(): Promise<OutboxPackages> {
  try {
    // The outbox imports pg, so a missing one would look like a missing outbox.
    const pg = await importOptional('pg', NEED, () => import('pg'));
    return { pg, outbox: await importOptional('nestjs-laaffic-outbox', NEED, () => import('nestjs-laaffic-outbox')) };
  } catch (error) {
    if (!(error instanceof MissingPackageError)) throw error;
    throw new UsageError(
      `${error.message.replace(/: npm install .*/, '')}: npm install nestjs-laaffic-outbox pg, ` +
        'with --global if laaffic is installed globally',
    );
  }
}
