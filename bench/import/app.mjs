// An app as most are: Express, a controller, its DTO checked by a global ValidationPipe.
import 'reflect-metadata';
import { Body, Controller, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Type } from 'class-transformer';
import { IsInt, IsString } from 'class-validator';

class Notice {}
IsString()(Notice.prototype, 'to');
IsInt()(Notice.prototype, 'code');
Type(() => Number)(Notice.prototype, 'code');

class Notices {
  take() {}
}
Controller('notices')(Notices);
Post()(Notices.prototype, 'take', Object.getOwnPropertyDescriptor(Notices.prototype, 'take'));
Body()(Notices.prototype, 'take', 0);
Reflect.defineMetadata('design:paramtypes', [Notice], Notices.prototype, 'take');

export async function startApp(imports) {
  class App {}
  Module({ imports, controllers: [Notices] })(App);
  const app = await NestFactory.create(App, { logger: false });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  await app.init();
}
