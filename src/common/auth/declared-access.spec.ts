import { Controller, Get, Post } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { DeclaredAccess } from './declared-access.js';
import { Public, RequireScope } from './route-access.js';

@Controller('right')
class RightController {
  @Get()
  @RequireScope('messages:read')
  list(): void {}

  @Get('open')
  @Public()
  open(): void {}

  notARoute(): void {}
}

@Controller('health')
@Public()
class OpenController {
  @Get()
  check(): void {}
}

class Base {
  @Get('inherited')
  inherited(): void {}
}

@Controller('wrong')
class ForgetfulController extends Base {
  @Post()
  create(): void {}

  @Get()
  @RequireScope('messages:read')
  list(): void {}
}

const boot = async (...controllers: (new () => object)[]) => {
  const app = await Test.createTestingModule({
    imports: [DiscoveryModule],
    controllers,
    providers: [DeclaredAccess],
  }).compile();
  await app.init();
  await app.close();
};

it('an app boots if every route has a scope or is public', async () => {
  await expect(boot(RightController, OpenController)).resolves.toBeUndefined();
});

it('an app with routes that declare no access does not boot, and names them', async () => {
  await expect(boot(RightController, ForgetfulController)).rejects.toThrow(
    new Error(
      'The service cannot start: ForgetfulController.create, ForgetfulController.inherited must declare ' +
        '@RequireScope(…) or @Public()',
    ),
  );
});
