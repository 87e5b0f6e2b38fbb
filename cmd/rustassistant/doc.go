// Command rustassistant is the whole product in one binary: API server, worker,
// development stack and operator commands. Its files only wire packages together.
package main
