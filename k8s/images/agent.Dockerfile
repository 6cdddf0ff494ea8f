# The agent in tasks' pods: it needs Node, and nothing else of the image.
FROM node:24-slim
COPY agent.mjs /opt/dagbok/agent.mjs
USER 1000:1000
ENTRYPOINT ["node", "/opt/dagbok/agent.mjs"]
