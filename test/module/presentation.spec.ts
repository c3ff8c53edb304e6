import {
  Body,
  ClassSerializerInterceptor,
  Controller,
  Module,
  Post,
  SerializeOptions,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { SmsReceipt, SmsService } from 'nestjs-laaffic';
import { SendSmsCommand } from 'nestjs-laaffic/commands';
import { FakeSmsService, LaafficTestingModule } from 'nestjs-laaffic/testing';

@Controller()
@UseInterceptors(ClassSerializerInterceptor)
class Messages {
  constructor(private readonly sms: SmsService) {}

  @Post('default')
  send(@Body() command: SendSmsCommand): Promise<SmsReceipt> {
    return this.sms.send(command);
  }

  @Post('exclude-all')
  @SerializeOptions({ strategy: 'excludeAll' })
  excluding(@Body() command: SendSmsCommand): Promise<SmsReceipt> {
    return this.sms.send(command);
  }

  @Post('exclude-extraneous')
  @SerializeOptions({ excludeExtraneousValues: true, groups: ['x'], version: 1 })
  stripping(@Body() command: SendSmsCommand): Promise<SmsReceipt> {
    return this.sms.send(command);
  }

  @Post('bulk')
  @SerializeOptions({ strategy: 'excludeAll' })
  bulk(@Body() { content }: SendSmsCommand) {
    return this.sms.sendBulk(['91856321412'], { content }).toArray();
  }

  @Post('expose-all')
  @SerializeOptions({ strategy: 'exposeAll', excludeExtraneousValues: false })
  exposing(@Body() command: SendSmsCommand): Promise<SmsReceipt> {
    return this.sms.send(command);
  }
}

@Module({ imports: [LaafficTestingModule.forRoot()], controllers: [Messages] })
class App {}

async function startApp() {
  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

it.each(['default', 'expose-all', 'exclude-all', 'exclude-extraneous'])(
  'a receipt is whole behind a serializer: %s',
  async (route) => {
    const { app, url } = await startApp();
    app.get(FakeSmsService).failNext({ reject: ['91856321413'] });
    const answer = await fetch(`${url}/${route}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ to: [{ number: '91856321412', orderId: 'o' }, '91856321413'], content: 'hi' }),
    });
    const body: unknown = await answer.json();
    await app.close();
    expect(body).toEqual({
      accepted: [{ number: '91856321412', orderId: 'o', msgId: expect.stringMatching(/^\d{19}$/) }],
      rejected: [expect.objectContaining({ number: '91856321413', code: 'LAAFFIC_RECIPIENT_REJECTED' })],
      unknown: [],
    });
  },
);

it('a receipt of a bulk run is whole behind an interceptor too', async () => {
  const { app, url } = await startApp();
  const answer = await fetch(`${url}/bulk`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"to":"91856321412","content":"hi"}',
  });
  const body: unknown = await answer.json();
  await app.close();
  const accepted = [{ number: '91856321412', orderId: expect.any(String), msgId: expect.any(String) }];
  expect(body).toEqual([{ accepted, rejected: [], unknown: [], first: 0, count: 1, dropped: 0, processed: [[0, 1]] }]);
});

it('SendSmsCommand describes itself to @nestjs/swagger', async () => {
  const { app } = await startApp();
  const { components } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  await app.close();
  const number = { type: 'string', example: '91856321412' };
  const recipient = [
    number,
    {
      type: 'object',
      required: ['number'],
      properties: { number, orderId: { type: 'string', maxLength: 64, example: 'order-1' } },
      additionalProperties: false,
    },
  ];
  expect(components?.schemas?.['SendSmsCommand']).toEqual({
    type: 'object',
    required: ['to', 'content'],
    properties: {
      to: {
        description:
          'The recipients: a number with country code, a number with an order id, or a list of at most 1,000 of either.',
        oneOf: [...recipient, { type: 'array', items: { oneOf: recipient } }],
      },
      content: { type: 'string', minLength: 1, maxLength: 1024, description: 'The text.' },
      senderId: { type: 'string', maxLength: 32, description: "The sender's number or name." },
    },
  });
});
