import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { onlyLocal } from './access/local-requests.js';
import { AppModule } from './app.module.js';
import type { Configuration } from './configuration.js';
import { DatabaseError } from './database/database.error.js';
import { ServiceDatabase } from './database/service-database.js';
import { securityHeaders } from './http/security-headers.js';
import { ServiceAdapter } from './http/service.adapter.js';
import { LineLogger } from './logging/line-logger.js';
import { MessageAdmission } from './messages/message-admission.js';
import { RequestsUnderWay } from './shutdown/requests-under-way.js';

/** 1,000 recipients with order ids of 64 characters make 110 kB. */
const BODY_LIMIT = '1mb';

/** In milliseconds, over whatever line; Node's own limit is five minutes. */
const LONGEST_UPLOAD = 60 * 60_000;

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
  const app = await NestFactory.create<NestExpressApplication>(module, new ServiceAdapter(), {
    logger,
    abortOnError: false,
    // JSON alone: a page in a browser may post forms to this machine without asking, but not JSON.
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
  app.useBodyParser('json', { limit: BODY_LIMIT });
  app.use('/v1/messages', app.get(MessageAdmission).givePlace);
  app.getHttpServer().requestTimeout = LONGEST_UPLOAD;
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
