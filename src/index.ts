import { worker } from "./boot.ts";
import { services } from "./services.ts";

export default worker(services);
