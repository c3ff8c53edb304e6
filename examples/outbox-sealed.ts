import { Module } from '@nestjs/common';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, type SmsOutbox } from 'nestjs-laaffic-outbox';

@Module({
  imports: [
    LaafficModule.forRootAsync({
      useFactory: () => ({
        appId: process.env.LAAFFIC_APP_ID,
        apiKey: process.env.LAAFFIC_API_KEY,
        apiSecret: process.env.LAAFFIC_API_SECRET,
        baseUrl: process.env.LAAFFIC_BASE_URL,
      }),
      isGlobal: true,
    }),
    LaafficOutboxModule.forRootAsync({
      useFactory: () => ({
        database: process.env.DATABASE_URL ?? '',
        // One key, or several while one replaces another.
        sealKeys: process.env.SMS_SEAL_KEYS?.split(','),
        // The text of a message on hold stays. A code is useless by then.
        onUnconfirmed: { priority: 'abandon' },
      }),
    }),
  ],
})
export class SealedModule {}

export async function sendSealedCode(outbox: SmsOutbox, number: string, code: string) {
  const { id } = await outbox.enqueue(
    { to: number, content: `Your code is ${code}` },
    { sealed: true, sendBefore: new Date(Date.now() + 60_000) },
  );
  return id;
}
