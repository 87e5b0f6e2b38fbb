// Command composecheck checks a Compose file beyond its syntax:
//
//	composecheck -env-example .env.example -binary bin/rustassistant docker-compose.temporal.yml
//
// It loads the file as `docker compose` does and then looks for what only
// shows at the first start: images without a version, files to mount that do
// not exist, waiting for the health of a service that has no health check,
// secrets written down, ports open to the world, and commands that the product
// does not have. All findings are reported at once.
package main
