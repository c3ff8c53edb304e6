import { ConsoleLogger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module.js';
import type { Configuration } from './configuration.js';

/** 1,000 recipients with order ids of 64 characters make 110 kB. */
const BODY_LIMIT = '1mb';

/** The service, ready to listen. */
export async function createApp(
  configuration: Configuration,
  logger: LoggerService = new ConsoleLogger({ json: configuration.logFormat === 'json' }),
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forConfiguration(configuration), {
    logger,
    abortOnError: false,
    // JSON alone: a page in a browser may post forms to this machine without asking, but not JSON.
    bodyParser: false,
  });
  app.useBodyParser('json', { limit: BODY_LIMIT });
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
