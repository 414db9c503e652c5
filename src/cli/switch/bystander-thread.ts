import { parentPort } from 'node:worker_threads';
import { serve } from '../../lab/threads/thread.js';
import { bystander } from './bystander.js';

serve(parentPort!, bystander());
