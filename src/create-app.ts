import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { onlyLocal } from './access/local-requests.js';
import { AppModule } from './app.module.js';
import type { Configuration } from './configuration.js';
import { DatabaseError } from './database/database.error.js';
import { ServiceDatabase } from './database/service-database.js';
import { LimitedExpressAdapter } from './http/limited-server.js';
import { securityHeaders } from './http/security-headers.js';
import { LineLogger } from './logging/line-logger.js';
import { MessageAdmission } from './messages/message-admission.js';
import { RequestsUnderWay } from './shutdown/requests-under-way.js';

/**
 * The service, ready to listen.
 * @throws {DatabaseError} if there is no database to work with.
 */
export async function createApp(
  configuration: Configuration,
  logger: LoggerService = new LineLogger(configuration.logFormat),
): Promise<NestExpressApplication> {
  const database = await ServiceDatabase.open(configuration);
  const module = AppModule.forConfiguration(configuration, database);
  const app = await NestFactory.create<NestExpressApplication>(module, new LimitedExpressAdapter(), {
    logger,
    abortOnError: false,
    // Routes that take a body read it themselves, after the key was checked.
    bodyParser: false,
  }).catch(async (error: unknown) => {
    await database.close();
    throw isOfDatabase(error) ? DatabaseError.notUsable(error, database.dataDir) : error;
  });
  app.set('trust proxy', configuration.trustProxy);
  app.use(securityHeaders);
  if (configuration.apiKeys.length === 0) app.use(onlyLocal);
  app.use(app.get(RequestsUnderWay).count);
  app.use('/v1/messages', app.get(MessageAdmission).refuseIfFull);
  app.disable('x-powered-by');
  app.enableShutdownHooks();

  const description = new DocumentBuilder()
    .setTitle('Notification service')
    .setDescription('Sends SMS through Laaffic, with an honest outcome for every recipient.')
    .setVersion('1');
  if (configuration.apiKeys.length > 0) description.addBearerAuth().addSecurityRequirements('bearer');
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description.build()));
  return app;
}

/** What PostgreSQL says by its codes, what the outbox says by its own, and a connection that broke meanwhile. */
function isOfDatabase(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(\d[0-9A-Z]{4}|OUTBOX_\w+|ECONN\w+|EPIPE|ETIMEDOUT)$/.test(code);
}
