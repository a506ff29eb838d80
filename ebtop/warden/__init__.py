"""The privileged parent process: launch, loaders, the wire's far end; knows neither bcc nor what the screen draws."""
