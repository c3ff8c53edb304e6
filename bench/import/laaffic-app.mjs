import { LaafficModule } from 'nestjs-laaffic';
import { startApp } from './app.mjs';

await startApp([LaafficModule.forRoot({ appId: '4luaKsL2', apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9' })]);
