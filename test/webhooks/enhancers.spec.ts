import {
  Injectable,
  Module,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE, NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LaafficWebhooksModule, OnDeliveryReport, OnInboundSms, type DeliveryReport } from 'nestjs-laaffic/webhooks';
import { of, tap } from 'rxjs';
import { INBOUND, post, REPORT, SECRET } from './receiver.js';

const calls: string[] = [];

@Injectable()
class Opening {
  isOpen = true;
}

@Injectable()
class OpeningHours implements CanActivate {
  constructor(
    private readonly opening: Opening,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext) {
    const [push] = context.getArgs<[DeliveryReport]>();
    const desk = this.reflector.getAllAndOverride<string>('desk', [context.getHandler(), context.getClass()]);
    calls.push(
      `guard ${context.getType()} ${context.getClass().name}.${context.getHandler().name} ${desk} ${push.msgId}`,
    );
    return this.opening.isOpen;
  }
}

@Injectable()
class Around implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    calls.push('before');
    return next.handle().pipe(tap((value) => calls.push(`after ${String(value)}`)));
  }
}

@Injectable()
class Renamed implements PipeTransform {
  transform(report: DeliveryReport) {
    return { ...report, msgId: `renamed ${report.msgId}` };
  }
}

/** Every kind, global: made for HTTP requests. */
@Injectable()
class Everywhere implements CanActivate, NestInterceptor, PipeTransform {
  canActivate() {
    calls.push('global guard');
    return false;
  }
  intercept(_context: ExecutionContext, next: CallHandler) {
    calls.push('global interceptor');
    return next.handle();
  }
  transform(value: unknown) {
    calls.push('global pipe');
    return value;
  }
}

@Injectable()
@UseGuards(OpeningHours)
@SetMetadata('desk', 'of the class')
class Desk {
  @OnDeliveryReport()
  @UseInterceptors(Around)
  @UsePipes(Renamed)
  @SetMetadata('desk', 'of the method')
  async take({ msgId }: DeliveryReport) {
    calls.push(`take ${msgId}`);
    return 'taken';
  }

  @OnInboundSms()
  reply() {
    calls.push('reply');
    return of('an observable is waited for').pipe(tap(() => calls.push('replied')));
  }
}

class Plain {
  @OnDeliveryReport()
  take() {
    calls.push('plain');
  }
}

async function start(...handlers: (new () => object)[]) {
  const everywhere = [APP_GUARD, APP_INTERCEPTOR, APP_PIPE].map((provide) => ({ provide, useClass: Everywhere }));
  @Module({
    imports: [LaafficWebhooksModule.forRoot({ secret: SECRET })],
    providers: [Opening, ...handlers, ...everywhere],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/laaffic/${SECRET}`;
  const push = async (route: string, body: object) => (await post(`${url}/${route}`, body)).status;
  return { app, push };
}

describe('guards, interceptors and pipes of handlers and their classes', () => {
  let receiver: Awaited<ReturnType<typeof start>>;
  beforeEach(async () => {
    calls.length = 0;
    receiver = await start(Desk);
  });
  afterEach(() => receiver.app.close());

  it('run around the handlers, with dependencies and metadata, and global ones do not', async () => {
    expect(await receiver.push('reports', REPORT)).toBe(200);
    expect(calls).toEqual([
      `guard laaffic Desk.take of the method ${REPORT.msgid}`,
      'before',
      `take renamed ${REPORT.msgid}`,
      'after taken',
    ]);
  });

  it('run for all handlers of the class, which may return observables', async () => {
    expect(await receiver.push('inbound', INBOUND)).toBe(200);
    expect(calls).toEqual([`guard laaffic Desk.reply of the class ${INBOUND.msgid}`, 'reply', 'replied']);
  });

  it('make the handler fail if a guard rejects the push', async () => {
    const opening = receiver.app.get(Opening);
    opening.isOpen = false;
    expect(await receiver.push('reports', REPORT)).toBe(500);
    expect(calls).toHaveLength(1);
    opening.isOpen = true;
    expect(await receiver.push('reports', REPORT)).toBe(200);
    expect(calls).toHaveLength(5);
    expect(await receiver.push('reports', REPORT)).toBe(200);
    expect(calls).toHaveLength(5);
  });

  it('run around a method that is spied on later', async () => {
    jest.spyOn(receiver.app.get(Desk), 'take').mockImplementation(async ({ msgId }) => `spied ${msgId}`);
    expect(await receiver.push('reports', REPORT)).toBe(200);
    expect(calls.slice(1)).toEqual(['before', `after spied renamed ${REPORT.msgid}`]);
  });
});

it('handlers without decorators are called directly', async () => {
  calls.length = 0;
  const { app, push } = await start(Plain);
  expect(await push('reports', REPORT)).toBe(200);
  await app.close();
  expect(calls).toEqual(['plain']);
});

it('a request-scoped guard is rejected at boot', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class ForEachRequest implements CanActivate {
    canActivate() {
      return true;
    }
  }
  class Guarded {
    @OnDeliveryReport()
    @UseGuards(ForEachRequest)
    take() {
      return undefined;
    }
  }
  await expect(start(Guarded)).rejects.toThrow(
    'Guarded.take cannot handle pushes: Guarded is request-scoped or transient',
  );
});
