import { parentPort } from 'node:worker_threads';
import { switchService } from './switcher.js';
import { serve } from './thread.js';

serve(parentPort!, switchService);
