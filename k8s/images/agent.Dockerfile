# The agent in tasks' pods: it needs Node, and nothing else of the image.
FROM node:24-slim
COPY files /opt/dagbok
USER 1000:1000
ENTRYPOINT ["node", "/opt/dagbok/agent.mjs"]
