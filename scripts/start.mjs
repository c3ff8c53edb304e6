// `npm start`: builds what has changed, and starts the service in this process.
import './build-service.mjs';

process.setSourceMapsEnabled(true);
await import('../dist/main.js');
