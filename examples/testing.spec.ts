import { Test } from '@nestjs/testing';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule, SmsService } from 'nestjs-laaffic';

const command = { to: '91856321412', content: 'hello world' };

it('knows that it does not know', async () => {
  const sandbox = await LaafficSandbox.start();
  const account = { appId: '4luaKsL2', apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9', baseUrl: sandbox.url };
  const app = await Test.createTestingModule({ imports: [LaafficModule.forRoot(account)] }).compile();

  sandbox.script({ fault: 'cut-after-accepting' });
  await expect(app.get(SmsService).send(command)).rejects.toMatchObject({ outcome: 'unknown' });
  expect(sandbox.messages).toHaveLength(1);

  await app.close();
  await sandbox.close();
});
