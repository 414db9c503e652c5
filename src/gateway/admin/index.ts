export { Admin, type AdminOptions } from './admin.js';
