import type { DynamicModule, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { errorCodeOf } from './common/errors/error-code.js';
import { onlyLocal } from './common/auth/local-requests.js';
import { AppModule } from './app.module.js';
import type { Configuration } from './configuration.js';
import { DatabaseError } from './database/database.error.js';
import { withGeneratedKeys } from './database/generated-keys.js';
import { ServiceDatabase } from './database/service-database.js';
import { LimitedExpressAdapter } from './common/http/limited-server.js';
import { rejectInvalidUtf8 } from './common/http/utf8-address.js';
import { securityHeaders } from './common/http/security-headers.js';
import { LineLogger } from './common/logging/line-logger.js';

/**
 * Creates the service, ready to listen.
 * @throws {DatabaseError} if the database cannot be used.
 * @throws {ConfigurationError} if phone verification cannot work with its settings.
 */
export async function createApp(
  settings: Configuration,
  logger: LoggerService = new LineLogger(settings.logFormat),
): Promise<NestExpressApplication> {
  const started = performance.now();
  // The metadata of phone numbers is loaded while the database starts.
  const loading = settings.verification === undefined ? undefined : import('./verifications/verifications.module.js');
  loading?.catch(() => undefined);
  const database = await ServiceDatabase.open(settings);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  logger.log(`PostgreSQL is ready, after ${seconds} s`, 'Service');
  const create = async () => {
    const configuration = await withGeneratedKeys(settings, database.dataDir !== undefined);
    const module = AppModule.forConfiguration(configuration, database, await featuresOf(loading));
    const adapter = new LimitedExpressAdapter(await requestTracer());
    // Routes read their bodies themselves, after the API key was checked.
    return NestFactory.create<NestExpressApplication>(module, adapter, {
      ...{ logger, abortOnError: false, bodyParser: false },
    });
  };
  const app = await create().catch(async (error: unknown) => {
    await database.close();
    if (isDatabaseError(error)) throw DatabaseError.notUsable(error, database.dataDir);
    throw (await loading)?.inSettings(error) ?? error;
  });
  const { apiKeys, trustProxy } = settings;
  app.set('trust proxy', trustProxy);
  app.use(securityHeaders);
  if (apiKeys.length === 0) app.use(onlyLocal);
  app.use(rejectInvalidUtf8);
  app.disable('x-powered-by');
  app.enableShutdownHooks();

  const description = new DocumentBuilder()
    .setTitle('Notification service')
    .setDescription(
      'Sends SMS through Laaffic, with one of three outcomes for each recipient: accepted, rejected or unknown.',
    )
    .setVersion('1');
  if (apiKeys.length > 0) description.addBearerAuth().addSecurityRequirements('bearer');
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description.build()));
  return app;
}

async function featuresOf(
  loading: Promise<typeof import('./verifications/verifications.module.js')> | undefined,
): Promise<readonly DynamicModule[]> {
  if (loading === undefined) return [];
  const { VerificationsModule } = await loading;
  return [VerificationsModule.forRoot()];
}

/** Adds the id of a request to the active OpenTelemetry span, if OpenTelemetry is installed. */
async function requestTracer(): Promise<((requestId: string) => void) | undefined> {
  const api = await import('@opentelemetry/api').catch(() => undefined);
  return api === undefined
    ? undefined
    : (requestId) => {
        api.trace.getActiveSpan()?.setAttribute('request.id', requestId);
      };
}

/** Whether an error is one of PostgreSQL, of the outbox, or of a connection that was lost. */
function isDatabaseError(error: unknown): boolean {
  return /^(\d[0-9A-Z]{4}|OUTBOX_\w+|ECONN\w+|EPIPE|ETIMEDOUT)$/.test(errorCodeOf(error) ?? '');
}
