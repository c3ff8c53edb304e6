import { HttpModule } from '@nestjs/axios';
import { startApp } from './app.mjs';

await startApp([HttpModule.register({})]);
