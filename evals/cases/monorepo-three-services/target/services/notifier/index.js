const { Worker } = require("bullmq");

new Worker("mail", async (job) => console.log(JSON.stringify({ sent: job.id })), { connection: { host: "redis" } });
