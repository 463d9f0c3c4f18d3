const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: place.dataset.document,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    request.headers.Accept ??= "application/json";
    return request;
  },
});
