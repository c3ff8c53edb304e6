import { Injectable, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, SmsOutbox } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';

const { LAAFFIC_APP_ID: appId, LAAFFIC_API_KEY: apiKey, LAAFFIC_API_SECRET: apiSecret } = process.env;
const baseUrl = process.env.LAAFFIC_BASE_URL;
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
// Without a listener, a lost idle connection would end the process.
pool.on('error', ({ message }) => {
  new Logger('Database').warn(message);
});

@Injectable()
export class Orders implements OnApplicationShutdown {
  constructor(private readonly outbox: SmsOutbox) {}

  /** Stores the order and its message: both, or neither. */
  async place(name: string, number: string): Promise<string> {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query('insert into orders (name) values ($1)', [name]);
      const sms = { to: number, content: 'Your order is placed' };
      const { id } = await this.outbox.enqueue(sms, { transaction: client, idempotencyKey: `order ${name}` });
      await client.query('commit');
      return id;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  onApplicationShutdown() {
    return pool.end();
  }
}

const laaffic = LaafficModule.forRootAsync({
  useFactory: () => ({ appId, apiKey, apiSecret, baseUrl }),
  isGlobal: true,
});

@Module({ imports: [laaffic, LaafficOutboxModule.forRoot({ database: pool })], providers: [Orders] })
export class AppModule {}
